"""`python -m portnet_server.cli`, the same as `portnet`."""

from portnet_server.cli.main import main

main()
