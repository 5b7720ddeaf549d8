"""Findings: what is wrong with a definition and where, as values; and the list of all checks by their stable ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.errors import Sentence

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a definition.

    ``check`` is the id of the check in ``CHECKS``; ``line`` counts from 1; ``path`` says where in the definition in its
    own words, such as ``registers.complaint.fields[3].type``. An error keeps the definitions from coming into force, a
    warning does not.
    """

    check: str
    file: str
    line: int
    path: str
    sentence: Sentence
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path + ': ' if self.path else ''}{self.sentence} [{self.check}]"


def errors(findings: list[Finding]) -> list[Finding]:
    """Return the findings that keep definitions from coming into force."""
    return [f for f in findings if f.level == "error"]


CHECKS: dict[str, str] = {
    # Reading YAML
    "D101": "The text is not YAML: tabs, unclosed quotes or brackets, wrong indentation, unknown alias or tag.",
    "D102": "The file is not UTF-8 text, or holds control characters.",
    "D103": "A mapping gives the same key twice.",
    "D104": "A key that YAML reads as a boolean: on, off, yes, no, y, n, true, false.",
    "D105": "A key that is no plain word.",
    "D106": "The document is nested too deeply, or its aliases make it too large.",
    "D107": "The kind of document cannot be told from its keys.",
    # Shape
    "D201": "A key that must be given is missing.",
    "D202": "A key is not known here.",
    "D203": "The type of a field is not known.",
    "D204": "A word is none of those allowed.",
    "D205": "A code, number or time is not written as it must be.",
    "D206": "A value of the wrong kind: text, number, day, list or mapping.",
    "D207": "A number is outside what is allowed.",
    "D208": "A list that must not be empty is empty.",
    "D209": "The parts of a mapping do not fit together.",
    # The site's own adjustments
    "D301": "An extension stands outside the site's own definitions, or extends what is not there.",
    "D302": "An extension removes, retypes or changes what it may only add to or rename.",
    "D303": "An extension relaxes what carries a citation.",
    "D311": "What the site extends is gone from the new definitions.",
    "D312": "What the site added is in the new definitions too.",
    "D313": "What the site renamed or tightened is gone from the new definitions.",
    # Names
    "D401": "Two definitions have the same code.",
    "D402": "A code is given twice within a definition.",
    "D403": "A field takes a code that every register has already.",
    "D404": "The domain is not defined.",
    "D405": "The role is not defined.",
    "D406": "The register is not defined.",
    "D407": "The field is not defined.",
    "D408": "The policy is not defined.",
    "D409": "The policy lists its articles, and this is none of them.",
    "D410": "A citation is missing where one is demanded.",
    "D411": "A party is neither a field of the register nor a role.",
    "D412": "A party is both a field of the register and a role.",
    "D413": "A field is of a type that does not fit its use.",
    "D414": "An article that says it is carried out by people alone is cited.",
    # Fields
    "D420": "The pattern of a number is not valid.",
    "D421": "A default is no value of its field.",
    "D422": "A choice has nothing to choose from.",
    "D423": "A regular expression is not valid.",
    "D424": "A lower limit is above its upper limit.",
    "D425": "The titles of registers rest on each other in a circle.",
    "D426": "Two fields keep their values in one column, or one shows the former values of a field that is not there.",
    "D427": "An option was merged into one that is not offered.",
    # Formulas
    "D430": "A formula cannot be read, names what is not there, mixes types, or rests on itself.",
    "D431": "A field that a formula gives says how people fill it.",
    "D432": "A field that a formula gives stands where only what people enter may: rules, duties, access, names.",
    "D433": "A formula takes from records that some may not know of, or whose every reading is written down.",
    # Conditions
    "D501": "A condition looks at a field that is not there.",
    "D502": "A condition compares a choice with a value that it does not have.",
    "D503": "A comparison does not fit the type of its field.",
    "D504": "A condition is not written as one.",
    # Workflow
    "D601": "The state is not defined.",
    "D602": "No transition leads to a state.",
    "D603": "No transition leads out of a state that does not look final.",
    "D604": "A transition that nobody may make, or an automatic one without a condition.",
    "D605": "A transition sets a field to something that is no value of it.",
    "D606": "The transition is not defined.",
    "D607": "An automatic transition is said to be optional.",
    # Duties
    "D701": "Two limits of a duty hold on the same day for the same records.",
    "D702": "A duty has no limit.",
    "D703": "The person who owes a duty may stay unnamed.",
    "D704": "The breach is not defined in this register.",
    "D705": "The start of a duty is not one of: field, state, created.",
    "D706": "Parts of a limit contradict each other.",
    "D707": "A periodic duty is not fulfilled by records elsewhere, or an ordinary one by a number of them.",
    "D708": "What postpones a limit names no state, or stands at a periodic duty.",
    "D709": "What a missed limit is has a condition of its own, which nothing asks: it belongs to the duty.",
    "D710": "A duty is fulfilled by the very field that it starts with.",
    # Breaches and counters
    "D801": "The counter is not defined.",
    "D802": "Nothing brings a breach about: no duty, no trigger, nobody who reports it.",
    "D803": "Two amounts of a breach hold on the same day.",
    "D804": "A register of corrections lacks ticket, person or content.",
    "D805": "A field does not point to a register of tickets.",
    "D806": "A trigger names nothing.",
    "D807": "Nobody is charged with a breach.",
    "D808": "A counter names a clause that no breach of it has.",
    "D809": "Bands of an amount leave a hole, overlap, or impose nothing.",
    "D810": "A ladder lacks its first rung, does not rise, imposes nothing, or has no counter to climb by.",
    "D811": "An amount depends on lateness, but no duty, or a repeating one, brings the breach about.",
    "D812": "No breach belongs to a counter.",
    "D813": "A refusal refuses nothing, has no reason, or asks for a duty that is not there.",
    "D814": "A share or a unit of an amount has nothing that it is taken of, or the other way round.",
    "D815": "A counter counts per field that a register of its breaches does not have.",
    # Indicators
    "D821": "A measure of an indicator does not say what it takes, of which field, or by which day.",
    "D822": "Bands of an indicator leave a hole, overlap, or are not in order.",
    "D823": "An indicator rests on one that is not there, of another period, or on itself.",
    "D824": "A measure counts a duty that is not there.",
    # Reports
    "D831": "A report names no indicator that is there, or fills a field with what does not fit it.",
    "D832": "A register with reports has no workflow, or a field that must be filled and that no report fills.",
    # Access
    "D901": "The verb is not known.",
    "D902": "Nobody has access to a register.",
    "D903": "Rows opened by an approval and the approval itself do not fit together.",
    "D904": "Registers follow each other in a circle.",
    # Prints
    "D921": "A print mixes a list of chosen records with what belongs to one of them.",
    "D922": "What a print names lies behind more than one reference, or behind none to a single record.",
    # What records already hold
    "D951": "The type of a field changes.",
    "D952": "What a field stores changes: its target, several values, decimal places.",
    "D953": "A register turns from one kept in a table into one of tickets, or back.",
    "D954": "A field that people fill turns into one that a formula gives.",
}
"""Every check by its id, with what it means when it is found."""
