"""What tests of all rooms share: servers, databases and fakes of the ports."""
