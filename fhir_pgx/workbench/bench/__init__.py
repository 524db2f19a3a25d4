"""The workbench: a bundle, a VCF or a hook request in, and all that the server makes of it."""
