// SPDX-License-Identifier: Apache-2.0
#include "waves/text_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace drydock::waves {
namespace {

constexpr int with_gzip_header = 15 + 16;  // zlib's windowBits: the largest window, gzip's frame
constexpr int memory_level = 8;            // zlib's default

}  // namespace

text_file::text_file(const std::filesystem::path& file)
    : name_(file.string()), file_(std::fopen(name_.c_str(), "wb")) {
    if (file_ == nullptr)
        throw std::runtime_error(name_ + ": cannot be made: " + std::strerror(errno));
    if (file.extension() != ".gz") return;
    zip_ = std::make_unique<z_stream>();
    if (deflateInit2(zip_.get(), level, Z_DEFLATED, with_gzip_header, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        std::fclose(file_);
        throw std::runtime_error(name_ + ": no memory to compress it");
    }
}

text_file::~text_file() { finish(); }

void text_file::put(const void* bytes, std::size_t count) {
    if (std::fwrite(bytes, 1, count, file_) != count && error_ == 0) error_ = errno;
}

void text_file::write(std::string_view text) {
    if (zip_ == nullptr) return put(text.data(), text.size());
    compress(text, Z_NO_FLUSH);
}

void text_file::compress(std::string_view text, int flush) {
    std::array<Bytef, 1 << 16> out;
    // zlib only reads from there.
    zip_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
    zip_->avail_in = static_cast<uInt>(text.size());
    do {
        zip_->next_out = out.data();
        zip_->avail_out = out.size();
        deflate(zip_.get(), flush);
        put(out.data(), out.size() - zip_->avail_out);
    } while (zip_->avail_out == 0);
}

void text_file::finish() {
    if (file_ == nullptr) return;
    if (zip_ != nullptr) {
        compress({}, Z_FINISH);
        deflateEnd(zip_.get());
    }
    if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
    file_ = nullptr;
}

void text_file::close() {
    if (file_ == nullptr) return;
    finish();
    if (error_ != 0)
        throw std::runtime_error(name_ + ": cannot be written: " + std::strerror(error_));
}

}  // namespace drydock::waves
