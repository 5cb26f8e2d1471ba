"""Who and what the tests of the login know."""

NATIVE = "5d1f0f3c-native"
SERVICE = "9a4e11d2-service"
SECRET = "the-secret-of-the-service"
PORTAL = "c0ffee00-portal"
COLLECTION = "8b7a2f4e-collection"
EXTRA = f"https://auth.globus.org/scopes/{PORTAL}/administer"
