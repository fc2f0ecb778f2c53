"""Document -> passages with offsets: the only place that splits text.

The unit is the codebook's: a paragraph, or a run of whole sentences of at most about 150 words of a longer one.
"""

from policyframes.passages.grouping import Cut
from policyframes.passages.segmentation import Passage, Segmentation, cut_texts, split_passages
from policyframes.passages.sentences import split_sentences

__all__ = ["Cut", "Passage", "Segmentation", "cut_texts", "split_passages", "split_sentences"]
