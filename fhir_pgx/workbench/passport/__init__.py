"""The SMART app's page: one patient's passport, for clinicians and for the patient."""
