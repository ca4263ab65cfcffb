"""The old home of EndpointedStream."""

from deepspeech.renamed import renamed

__getattr__ = renamed(__name__, {"ConversationStream": "deepspeech.runtime.endpointed:EndpointedStream"})
