"""The OpenAPI document of all that is not FHIR, built from the routes, services and schemas."""
