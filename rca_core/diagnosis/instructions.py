"""Lines of a document that speak to an assistant instead of reporting a failure.

Whoever can write into a log can write "ignore previous instructions" there. Such a line stays what it is, data, and
may be quoted; but nothing may rest on it alone.
"""

from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.quotes import Sent

_READER = r"(?:ai|assistant|language model|llm|chat ?bot|gpt|gemini|claude|copilot|ai agent|ai model|model)"
_ORDER = r"(?:^|[.:;!>\]\"'*/#-])\s*(?:please\s+|you\s+(?:must|should|will)\s+|now\s+|always\s+|instead,?\s+|only\s+)*"

_INSTRUCTION = Pattern(
    r"(?m:"
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|of|the|your|my|these|those|every|everything)\s+)*"
    r"(?:previous|prior|above|earlier|preceding|former|system|original|other|given|instructions|before)\b"
    r"(?:\s+(?:system|safety|the|and|all|other))*"
    r"(?:\s+(?:instructions?|prompts?|rules?|messages?|context|directions?|evidence|logs?|lines?|text|documents?))?"
    r"|\byou\s+are\s+(?:now\s+)?(?:an?|the|my)\s+(?:[\w-]+\s+){0,4}" + _READER + r"\b"
    r"|\byou\s+are\s+now\s+(?:an?|the|in|going)\b"
    r"|\byou\s+are\s+(?:an?|the)\s+(?:[\w-]+\s+){0,3}(?:engineer|expert|analyst|administrator|operator|hacker)\b"
    r"|\b(?:act|behave|respond|answer)\s+as\s+(?:if\s+you|an?\s+(?:[\w-]+\s+){0,3}" + _READER + r")\b"
    r"|\b(?:new|updated|real|actual|hidden|secret|important)\s+(?:system\s+)?(?:instructions?|prompt)\b"
    r"|\b(?:instructions?|message|note|notice|attention|reminder)\s*(?:to|for|:)\s*(?:the\s+|all\s+|any\s+)?"
    + _READER
    + r"\b"
    r"|" + _ORDER + r"(?:respond|reply|answer|output|print|return|write|say)\s+(?:only\s+|back\s+)?"
    r"(?:with|exactly|the\s+following|that\s+the|in\s+json|only)\b"
    r"|" + _ORDER + r"(?:set|mark|report|classify|rate|treat)\s+(?:this|the|its|your|every|all)\s+(?:[\w-]+\s+){0,3}"
    r"(?:severity|priority|confidence|verdict|category|root\s+cause|incident|ticket|alert|failure)\b[^\n]{0,40}"
    r"\b(?:as|to|with)\b"
    r"|"
    + _ORDER
    + r"(?:choose|select|propose|recommend|approve|execute)\s+(?:the\s+)?(?:action|remediation|playbook)\b"
    r"|^\s*[\[<|#*\s]*(?:system|assistant|developer|user)(?:\s+(?:prompt|message|instruction))?[\]>|*\s]*:\s*"
    r"(?:you|ignore|disregard|please|do\s+not|never|always|from\s+now|respond|answer|reply|forget|your)\b"
    r"|<\|?(?:im_start|im_end|system|endoftext|start_of_turn|end_of_turn)\|?>|\[/?INST\]|<<SYS>>"
    r"|\bdo\s+not\s+(?:tell|reveal|mention|show)\b[^\n]{0,40}\b(?:user|operator|human|engineer|prompt|instructions?)\b"
    r")"
)


def instructions_in(sent: Sent) -> frozenset[int]:
    """The numbers of the lines of a document that look like instructions to an assistant."""
    return frozenset(line for first, last in sent.spans(_INSTRUCTION) for line in range(first, last + 1))
