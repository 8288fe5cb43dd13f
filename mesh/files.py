"""Files that only their owner may read, whatever the umask is."""

import os
import stat
from pathlib import Path

from mesh import logs

log = logs.get("mesh.files")

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def make_private(path: Path) -> None:
    """Let only the owner use a file or folder; it need not exist.

    Logs a line when others could use it before, and a warning when the mode cannot be changed.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    private = PRIVATE_FOLDER if stat.S_ISDIR(mode) else PRIVATE_FILE
    others = stat.S_IMODE(mode) & ~PRIVATE_FOLDER
    if not others or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        return
    before = f"{stat.S_IMODE(mode):04o}"
    try:
        path.chmod(private)
    except OSError as error:
        log.warning("other users may read a private file", path=str(path), mode=before, reason=error.strerror)
    else:
        log.info("only the owner may use it now", path=str(path), mode_before=before)


def create_private_folder(folder: Path) -> bool:
    """Create a folder and its parents unless it exists; return whether it was created.

    Raises:
        OSError: it cannot be created.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    folder.chmod(PRIVATE_FOLDER)
    return True


def create_private_file(file: Path) -> None:
    """Create an empty file unless it exists, and make it private.

    Raises:
        OSError: it cannot be created.
    """
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
    make_private(file)


def replace_private_file(file: Path, content: str) -> None:
    """Write a file as a whole: after a crash it has either the old content or the new one.

    Raises:
        OSError: it cannot be written.
    """
    target = file.resolve()
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(target)
