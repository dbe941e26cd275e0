"""What an app does when it declares: drafts, papers, sending off."""
