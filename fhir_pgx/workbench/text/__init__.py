"""What somebody else wrote, as it may stand on a page."""
