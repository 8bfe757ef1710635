#!/bin/sh
# Speed and memory beside ONNX Runtime and PyTorch.
. "$(dirname "$0")/lib.sh"
echo '```'
sh "$here/peers.sh" "$BUILD"
echo '```'
