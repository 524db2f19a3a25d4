"""`/docs`: the OpenAPI document as a page to read."""
