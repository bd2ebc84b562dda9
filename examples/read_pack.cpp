// What a style pack says of itself: g++ -std=c++17 -o read_pack read_pack.cpp && ./read_pack mine.onnx
// Where ONNX Runtime is there, Session::GetModelMetadata() gives the same text; see style-pack.md.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

// The field `wanted` of a protobuf message, after the first `skip` of that number; "" if there is none.
std::string field(const std::string& message, unsigned wanted, int skip = 0) {
  size_t at = 0;
  auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      auto byte = static_cast<unsigned char>(message.at(at++));
      value |= static_cast<std::uint64_t>(byte & 127) << (shift & 63);
      if (byte < 128) return value;
    }
  };
  while (at < message.size()) {
    auto key = varint(), kind = key & 7, size = kind == 0 || kind == 2 ? varint() : kind == 1 ? 8 : 4;
    if (kind == 2 && key >> 3 == wanted && skip-- == 0) return message.substr(at, size);
    if (kind != 0) at += size;
  }
  return "";
}

int main(int, char** files) {
  std::ifstream file(files[1], std::ios::binary);
  std::string model(std::istreambuf_iterator<char>(file), {}), entry;
  for (int i = 0; !(entry = field(model, 14, i)).empty(); ++i)  // ModelProto.metadata_props
    if (field(entry, 1) == "toonmark") return std::cout << field(entry, 2) << std::endl, 0;
  throw std::runtime_error("This is no style pack.");
}
