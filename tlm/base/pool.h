// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace drydock::base {

/// Objects of one type, made in blocks and reused; taking and giving back never allocates once the
/// pool has grown to the working set. Objects are handed out as they were given back: the owner
/// resets them.
template <class T>
class pool {
public:
    explicit pool(std::string name, std::size_t block = 256)
        : name_(std::move(name)), block_(block) {}
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    struct give_back {
        pool* owner = nullptr;
        void operator()(T* p) const { owner->give(p); }
    };
    using ptr = std::unique_ptr<T, give_back>;

    T* take() {
        if (free_.empty()) grow();
        T* p = free_.back();
        free_.pop_back();
        ++taken_;
        return p;
    }
    void give(T* p) {
        free_.push_back(p);
        --taken_;
    }
    ptr take_owned() { return ptr(take(), give_back{this}); }
    ptr own(T* p) { return ptr(p, give_back{this}); }

    std::size_t in_use() const { return taken_; }
    std::size_t capacity() const { return blocks_.size() * block_; }
    const std::string& name() const { return name_; }

    /// @throws std::logic_error if something is still out
    void check_no_leak() const {
        if (taken_ != 0)
            throw std::logic_error("pool '" + name_ + "': " + std::to_string(taken_) +
                                   " not given back");
    }

private:
    void grow() {
        blocks_.push_back(std::make_unique<T[]>(block_));
        free_.reserve(capacity());
        for (std::size_t i = block_; i-- > 0;) free_.push_back(&blocks_.back()[i]);
    }
    std::string name_;
    std::size_t block_;
    std::vector<std::unique_ptr<T[]>> blocks_;
    std::vector<T*> free_;
    std::size_t taken_ = 0;
};

}  // namespace drydock::base
