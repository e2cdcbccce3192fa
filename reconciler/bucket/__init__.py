"""Object stores: S3 and whatever speaks its protocol, Google Cloud Storage, Azure Blob Storage."""
