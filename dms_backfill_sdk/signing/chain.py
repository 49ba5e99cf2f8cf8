"""Keys that are found or rented: roles, OIDC, ECS, profiles, by Alibaba's own credentials library.

Imported only when a client is made without credentials and the environment names no key.
"""

from alibabacloud_credentials.client import Client as CredentialsClient
from attrs import field, frozen

from dms_backfill_sdk.errors import ConfigurationError
from dms_backfill_sdk.signing.credentials import AccessKey, Credentials, StsToken

__all__ = ["CredentialChain"]

#: What the library looks at, in its order (read in its source, 1.0.12).
LOOKED_FOR = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET in the environment",
    "an OIDC token (ALIBABA_CLOUD_OIDC_TOKEN_FILE, ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN)",
    "the profile of the aliyun command line (~/.aliyun/config.json)",
    "the credentials file (ALIBABA_CLOUD_CREDENTIALS_FILE or ~/.alibabacloud/credentials.ini)",
    "the RAM role of this ECS instance",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
)


@frozen
class CredentialChain:
    """A credential source that asks Alibaba's default chain; the chain renews what expires (15 minutes before)."""

    _client: CredentialsClient = field(factory=CredentialsClient, repr=False)

    def __call__(self) -> Credentials:
        try:
            found = self._client.get_credential()
        except Exception:  # noqa: BLE001  the library lets through whatever its providers raise
            # Its messages list every provider's own complaint and may quote a key; ours says what to set.
            found = None
        if found is None:
            raise ConfigurationError(
                "No credentials were found, or those that were could not be renewed. Looked for, in this order: "
                + "; ".join(LOOKED_FOR)
                + ".",
                advice="Set one of them, or pass credentials= to the client.",
            )
        if found.security_token:
            return StsToken(found.access_key_id, found.access_key_secret, found.security_token)
        return AccessKey(found.access_key_id, found.access_key_secret)
