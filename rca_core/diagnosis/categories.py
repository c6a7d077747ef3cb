"""The nine categories a failure can have (`error_type` of a ticket)."""

from typing import Literal, get_args

Category = Literal[
    "NetworkError",
    "DatabaseError",
    "ResourceExhaustion",
    "AuthenticationError",
    "DataError",
    "ExternalServiceError",
    "ConfigurationError",
    "CodeError",
    "Unknown",
]

CATEGORIES: tuple[Category, ...] = get_args(Category)
