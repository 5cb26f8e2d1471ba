"""The users and clients in the tests of the login."""

NATIVE = "5d1f0f3c-native"
SERVICE = "9a4e11d2-service"
SECRET = "the-secret-of-the-service"
PORTAL = "c0ffee00-portal"
COLLECTION = "8b7a2f4e-collection"
#: A collection that the configuration does not name.
OTHER_COLLECTION = "0a0b0c0d-collection"
EXTRA_SCOPE = f"https://auth.globus.org/scopes/{PORTAL}/administer"


def write_configuration(path, server, cache):
    ids = f'client_uuid = "{NATIVE}"\nportal_client_id = "{PORTAL}"\ncache_dir = "{cache}"\n'
    path.write_text(f'[default]\n{ids}server = "{server}"\ncollections = ["{COLLECTION}"]\n')
