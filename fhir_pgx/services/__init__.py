"""CDS Hooks services: what each offers, how a call to it is read, and what it answers."""
