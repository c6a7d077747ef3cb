"""An earlier analysis put once more, for another run that failed in the same way: its quotes are looked for anew."""

from collections.abc import Sequence

from rca_core.diagnosis.diagnosis import Diagnosis, Evidence
from rca_core.diagnosis.documents import Excerpt, Line
from rca_core.diagnosis.draft import Draft, DraftEvidence, FailurePoint
from rca_core.diagnosis.fingerprint import masked


def draft_again(diagnosis: Diagnosis, excerpts: Sequence[Excerpt]) -> Draft:
    """What the model would say of these documents if it saw in them what it saw then.

    A quote becomes the line that differs from it only by what differs from run to run (`masked`). A quote that has no
    such line is left out. What the draft says is as little checked as any draft.
    """
    found = [(old, place) for old in diagnosis.evidence if (place := _place(old, excerpts))]
    return Draft(
        failure_point=diagnosis.failure_point or FailurePoint(system="other", entity=""),
        evidence=tuple(
            DraftEvidence(
                id=old.id,
                doc=excerpt.document.id,
                line_start=lines[0].number,
                line_end=lines[-1].number,
                quote="\n".join(line.text for line in lines),
                shows=old.shows,
            )
            for old, (excerpt, lines) in found
        ),
        hypotheses=diagnosis.hypotheses,
        verdict=diagnosis.verdict or "inconclusive",
        summary="",
        next_checks=diagnosis.next_checks,
        missing=diagnosis.missing,
    )


def _place(old: Evidence, excerpts: Sequence[Excerpt]) -> tuple[Excerpt, tuple[Line, ...]] | None:
    """The lines that say what the quote said, in the first excerpt that has them."""
    wanted = [masked(line) for line in old.quote.split("\n")]
    for excerpt in excerpts:
        said = [masked(line.text) for line in excerpt.lines]
        for start in range(len(said) - len(wanted) + 1):
            if all(part in line for part, line in zip(wanted, said[start:], strict=False)):
                return excerpt, excerpt.lines[start : start + len(wanted)]
    return None
