"""The one import service: kinds, checks by column, staged lines. A kind is a file one can copy; ``settings.IMPORT_KINDS`` lists them."""
