"""`python -m mesh new` fills in the templates of a product, and changes nothing when it fails."""

from pathlib import Path

import pytest

from mesh.__main__ import main
from mesh.new.create import create_service
from mesh.new.errors import NewServiceError
from mesh.new.insertions import insert
from mesh.new.names import plural, singular, spellings
from mesh.new.template import Insertion, read_template

VALUES = {"service": "reviews", "port": "9003"}
TEMPLATE = r"""
reserved = ["gateway"]
ignore = [".git", "__pycache__"]
python_path = ["."]
next_steps = "Start $service on port $port."

[links]

[numbers]
port = { files = "svc_*/port", pattern = '^(\d+)$' }
step = { files = "svc_*/step", pattern = '^(\d+)$', width = 4 }

[[claims]]
files = "svc_*/code.py"
text = "every $resource"

[[insertions]]
file = "Procfile"
after = '^\w+: \d+\n'
text = '''
$service: $port
'''

[[commands]]
run = ["python", "-c", "import pathlib, sys; print(pathlib.Path('Procfile').read_text(), sys.argv[1:])", "{files}"]
output = "generated"
"""


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """Return the folder of a product with one service and templates."""
    root = tmp_path / "product"
    write(root / "templates/service/template.toml", TEMPLATE)
    write(root / "templates/service/files/svc_{service}/port.tmpl", "$port\n")
    write(root / "templates/service/files/svc_{service}/code.py.tmpl", '"""$Service: every $resource, $$5, $step."""\n')
    write(root / "svc_books/port", "9002\n")
    write(root / "Procfile", "books: 9002\nworker\n")
    return root


def write(file: Path, text: str) -> None:
    """Write a file and create its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def edit(root: Path, old: str, new: str) -> None:
    """Replace a part of the template's description."""
    file = root / "templates/service/template.toml"
    before = file.read_text("utf-8")
    assert old in before
    file.write_text(before.replace(old, new), "utf-8")


def contents(root: Path) -> dict[str, str]:
    """Return the text of every file of a product by its path."""
    return {str(file.relative_to(root)): file.read_text("utf-8") for file in root.rglob("*") if file.is_file()}


def refusal(root: Path, service: str = "reviews", resource: str | None = None) -> str:
    """Return the message of the error with which a service is refused; nothing must have changed."""
    before = contents(root)
    with pytest.raises(NewServiceError) as raised:
        create_service(root, service, resource, {})
    assert contents(root) == before
    return str(raised.value)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("reviews", "review"),
        ("stories", "story"),
        ("surveys", "survey"),
        ("boxes", "box"),
        ("wishes", "wish"),
        ("classes", "class"),
    ],
)
def test_the_resource_is_the_singular_of_the_service(many: str, one: str) -> None:
    """English plurals have few regular endings."""
    assert (singular(many), plural(one)) == (one, many)


@pytest.mark.unit
def test_names_have_every_spelling() -> None:
    """The plural of the resource may differ from the service's name."""
    names = spellings("reviews", None, ())
    assert names == {
        "service": "reviews",
        "Service": "Reviews",
        "SERVICE": "REVIEWS",
        "resource": "review",
        "Resource": "Review",
        "RESOURCE": "REVIEW",
        "resources": "reviews",
        "Resources": "Reviews",
        "RESOURCES": "REVIEWS",
    }
    assert spellings("shipping", "parcel", ())["Resources"] == "Parcels"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("service", "resource", "message"),
    [
        ("Reviews", None, "'Reviews' is not a valid name: use 3 to 20 lower-case letters, such as `reviews`."),
        ("../etcs", None, "'../etcs' is not a valid name: use 3 to 20 lower-case letters, such as `reviews`."),
        ("reviews", "a review", "'a review' is not a valid name: use 3 to 20 lower-case letters, such as `reviews`."),
        (
            "shipping",
            None,
            "'shipping' is not a plural: name its resource with --resource, such as `--resource parcel`.",
        ),
        (
            "addresss",
            None,
            "'addresss' is not a plural: name its resource with --resource, such as `--resource parcel`.",
        ),
        ("gateway", "route", "'gateway' is a reserved name: choose another one."),
        ("classes", None, "'class' is a reserved name: choose another one."),
    ],
)
def test_an_invalid_name_is_refused(product: Path, service: str, resource: str | None, message: str) -> None:
    """The message says which names are valid; a keyword of Python is not."""
    assert refusal(product, service, resource) == message


@pytest.mark.unit
@pytest.mark.parametrize(
    ("insertion", "expected"),
    [
        (Insertion("f", "$service\n", after=r"^[ab]\n"), "a\nb\nreviews\nc\n"),
        (Insertion("f", "$service\n", before=r"^[ab]\n"), "a\nreviews\nb\nc\n"),
        (Insertion("f", " $port", after=r"^[ab]", every=True), "a 9003\nb 9003\nc\n"),
    ],
)
def test_a_text_is_inserted_once(insertion: Insertion, expected: str) -> None:
    """It follows or precedes the last match or every match, and a repeated insertion changes nothing."""
    inserted = insert("a\nb\nc\n", insertion, VALUES)
    assert inserted == expected
    assert insert(inserted, insertion, VALUES) == expected


@pytest.mark.unit
def test_numbers_continue_those_in_use(product: Path) -> None:
    """The first number is 1; a width adds leading zeros."""
    values = read_template(product / "templates" / "service").values(product, {})
    assert values == {"port": "9003", "last_port": "9002", "step": "0001", "last_step": "0000"}


@pytest.mark.integration
def test_files_insertions_and_generators_make_a_service(product: Path) -> None:
    """The generators see the new files and the insertions; the next steps name the port."""
    new = create_service(product, "reviews", None, {})
    assert (new.created, new.changed) == (["generated", "svc_reviews/code.py", "svc_reviews/port"], ["Procfile"])
    files = contents(product)
    assert files["svc_reviews/code.py"] == '"""Reviews: every review, $5, 0001."""\n'
    assert (files["svc_reviews/port"], files["Procfile"]) == ("9003\n", "books: 9002\nreviews: 9003\nworker\n")
    assert files["generated"] == "books: 9002\nreviews: 9003\nworker\n ['svc_reviews/code.py']\n"
    assert new.next_steps == "Start reviews on port 9003."


@pytest.mark.unit
def test_an_existing_service_is_not_overwritten(product: Path) -> None:
    """The message names the file."""
    write(product / "svc_reviews/port", "9003\n")
    assert refusal(product) == "svc_reviews/port exists already: choose another name, or delete it."


@pytest.mark.unit
def test_a_resource_of_another_service_is_refused(product: Path) -> None:
    """The message names the file that has it."""
    write(product / "svc_critics/code.py", '"""Critics: every review."""\n')
    message = "svc_critics/code.py contains every review already: choose another name for the resource."
    assert refusal(product) == message


@pytest.mark.integration
def test_a_failed_generator_leaves_the_product_unchanged(product: Path) -> None:
    """The message has the command and its output."""
    edit(product, "import pathlib, sys; ", "exit('no space left'); ")
    message = refusal(product)
    assert message.startswith("`python -c ")
    assert message.endswith("` failed, and nothing was changed:\nno space left")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'run = ["python"',
            'hint = "Install it."\nrun = ["no-such-tool"',
            "no-such-tool is not installed. Install it.",
        ),
        (
            "[links]",
            '[links]\nnode_modules = "Run `make dev` first."',
            "node_modules does not exist. Run `make dev` first.",
        ),
        (r"^\w+: \d+\n", "^nothing$", "Procfile has no place for the new service: nothing matches '^nothing$'."),
        ('file = "Procfile"', 'file = "Gone"', "Gone does not exist."),
    ],
)
def test_what_is_missing_is_reported_in_one_sentence(product: Path, old: str, new: str, message: str) -> None:
    """A missing tool, folder, file or place is noticed before anything is written."""
    edit(product, old, new)
    assert refusal(product) == message


@pytest.mark.integration
def test_the_command_prints_what_it_created(
    product: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It works in the product of the working directory, and its exit status is 1 when it fails."""
    monkeypatch.chdir(product)
    assert main(["new", "reviews"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("Created:\n  generated\n  svc_reviews/code.py\n")
    assert output.endswith("\nChanged:\n  Procfile\n\nStart reviews on port 9003.\n")
    assert main(["new", "reviews"]) == 1
    assert capsys.readouterr().err.startswith("svc_reviews/")


@pytest.mark.unit
def test_the_command_needs_a_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without templates the message says where to run it."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "reviews"]) == 1
    message = "templates/service/template.toml does not exist: run this command in the folder of the product.\n"
    assert capsys.readouterr().err == message
