"""The whole error hierarchy. Every message says where, what was found, what is allowed and what to do next.

Imports nothing of ours, so that every module may raise from here. Codes are stable; docs/errors.md explains each.
"""

from __future__ import annotations


class PolicyFramesError(Exception):
    """Base of all errors that a user may see.

    Args:
        where: file, line, page or row that the error is about.
        found: what was found there.
        allowed: what would have been accepted.
        remedy: what to do next.

    Attributes:
        code: stable identifier, `PF-nnnn`.
        exit_code: what the command line returns for it: 1 failure, 2 usage, 4 refused.
    """

    code = "PF-1000"
    exit_code = 1

    def __init__(self, *, where: str, found: str, allowed: str, remedy: str) -> None:
        self.where, self.found, self.allowed, self.remedy = where, found, allowed, remedy
        super().__init__(f"{where}: {found}. Allowed: {allowed}. {remedy}")


class UsageError(PolicyFramesError, ValueError):
    """An option or argument has a value that makes no sense."""

    code = "PF-1001"
    exit_code = 2


class MissingExtraError(PolicyFramesError, ImportError):
    """A command or a bundle needs a part of the installation that is not there."""

    code = "PF-1002"


class OutputError(PolicyFramesError, OSError):
    """Results cannot be written."""

    code = "PF-1003"


class RefusedError(OutputError, FileExistsError):
    """Doing it would destroy something that nobody asked to destroy."""

    code = "PF-1004"
    exit_code = 4


class DocumentError(PolicyFramesError, ValueError):
    """Base of what can be wrong with one document."""

    code = "PF-2000"


class DocumentNotFoundError(DocumentError, FileNotFoundError):
    """There is no readable file at the path."""

    code = "PF-2001"


class UnsupportedFormatError(DocumentError):
    """The file is of a kind that we do not read."""

    code = "PF-2002"


class FormatMismatchError(DocumentError):
    """The file's content is not what its name says."""

    code = "PF-2003"


class EmptyDocumentError(DocumentError):
    """The document holds no text at all."""

    code = "PF-2004"


class ScannedDocumentError(DocumentError):
    """The PDF holds pictures of pages and no text layer."""

    code = "PF-2005"


class EncryptedDocumentError(DocumentError):
    """The document is protected by a password."""

    code = "PF-2006"


class DamagedDocumentError(DocumentError):
    """The document is truncated or broken."""

    code = "PF-2007"


class LimitExceededError(DocumentError):
    """Reading the document took more time, memory or output than the limits allow."""

    code = "PF-2008"


class EncodingError(DocumentError):
    """The bytes are no text in an encoding that we can recognise."""

    code = "PF-2009"


class HostileDocumentError(DocumentError):
    """The document declares entities or parts that no honest document needs."""

    code = "PF-2010"


class ReaderCrashedError(DocumentError):
    """The process that read the document died without a word."""

    code = "PF-2011"


class NoPassagesError(DocumentError):
    """There is text, but none of it is running text: only headings, tables, contents, notes."""

    code = "PF-2012"


class BundleError(PolicyFramesError, ValueError):
    """Base of what can be wrong with a bundle (a model folder)."""

    code = "PF-3000"


class BundleNotFoundError(BundleError, FileNotFoundError):
    """There is no bundle at the path or under the name."""

    code = "PF-3001"


class BundleIncompleteError(BundleError):
    """A file that the bundle lists is missing, or a part of a cascade."""

    code = "PF-3002"


class BundleDamagedError(BundleError):
    """A file of the bundle differs from its hash, or does not hold what it must."""

    code = "PF-3003"


class BundleFormatError(BundleError):
    """The bundle was written in a format newer than this version reads."""

    code = "PF-3004"


class BundleForeignError(BundleError):
    """The folder is no policyframes bundle, or holds files that no bundle has."""

    code = "PF-3005"


class TaxonomyError(PolicyFramesError, ValueError):
    """The taxonomy file does not follow its schema."""

    code = "PF-4000"


class LabelsError(PolicyFramesError, ValueError):
    """The labels cannot be used as they are; `policyframes labels check` lists every defect."""

    code = "PF-4001"


class AnchorError(PolicyFramesError, ValueError):
    """A stand-off span cannot be resolved in the document."""

    code = "PF-4002"


class TrainingError(PolicyFramesError, RuntimeError):
    """Training cannot go on with these data or settings."""

    code = "PF-5000"


class TrackingError(PolicyFramesError, RuntimeError):
    """The experiment store cannot be created or reached."""

    code = "PF-5001"


class TableError(PolicyFramesError, ValueError):
    """A CSV file that was given cannot be read as a table with the columns that it needs."""

    code = "PF-6000"


class MetadataError(TableError):
    """The metadata of documents contradicts itself, or does not fit the documents."""

    code = "PF-6001"


class MissingMetadataError(UsageError):
    """Documents are to be grouped by something that is not known of all of them."""

    code = "PF-6002"


class SampleError(TableError):
    """A hand-coded sample does not fit the passages that it is to correct."""

    code = "PF-6003"


class ArchiveError(PolicyFramesError, RuntimeError):
    """Base of what can stop the scoring of an archive; a bad row does not."""

    code = "PF-7000"


class ArchiveChangedError(RefusedError):
    """The output folder holds results of another model, other settings, other code or other inputs."""

    code = "PF-7001"


class ArchiveLockedError(RefusedError):
    """Another run is writing to the output folder."""

    code = "PF-7002"


class ArchiveInputError(ArchiveError, OSError):
    """An input cannot be read, or changed while it was read."""

    code = "PF-7003"


class ArchiveOutputError(OutputError):
    """The disk refuses what an archive's job writes; it can go on later."""

    code = "PF-7004"


class ArchiveIntegrityError(ArchiveError):
    """Rows do not add up, or a finished file is not what was written."""

    code = "PF-7005"


class ArchiveWorkerError(ArchiveError):
    """A process that scores died, again and again, on the same shard."""

    code = "PF-7006"


class ArchiveSourceError(ArchiveError, ValueError):
    """An export holds no texts, not as many articles as it declares, or is in a format that is not read."""

    code = "PF-7007"


class ArchiveClusterError(ArchiveError, ConnectionError):
    """A cluster cannot be joined, gives no worker, or has machines with other code or another model."""

    code = "PF-7008"
