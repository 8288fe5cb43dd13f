"""The copy of protovalidate's file is the file of the installed package."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from protovalidate import ViolationPb

from protos.generate import HERE, image

FILE = "buf/validate/validate.proto"

pytestmark = pytest.mark.unit


def test_the_copy_is_the_installed_packages_file(tmp_path: Path) -> None:
    """The rules in the contracts are the ones that the validator knows."""
    image(tmp_path / "contracts.binpb")
    files = FileDescriptorSet.FromString((tmp_path / "contracts.binpb").read_bytes()).file
    (copy,) = (file for file in files if file.name == FILE)
    copy.ClearField("source_code_info")
    assert copy == FileDescriptorProto.FromString(ViolationPb.desc().file.proto.to_binary())


def test_the_copy_names_its_version_and_its_licence() -> None:
    """The version is the installed one."""
    text = (HERE / FILE).read_text("utf-8")
    assert re.findall(r"protovalidate (\d[\d.]*\d) ", text) == [version("protovalidate")]
    assert "Apache License, Version 2.0" in text
    assert "Apache License" in (HERE / FILE).with_name("LICENSE").read_text("utf-8")
