"""FHIR REST: what is sent is stored and indexed, what is asked is searched and returned."""
