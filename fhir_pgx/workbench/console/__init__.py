"""The console: the pages for whoever runs the service."""
