// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace drydock::sw {

class kernel;

/// A way that tasks may shut for as long as they like, asleep too. Who has to pass meanwhile waits
/// in its own manner: asleep where it may sleep, busy on its CPU where it must not.
class gate {
public:
    gate(kernel& k, std::string name);
    ~gate();
    /// By the running task. Several may keep it shut.
    void shut();
    /// Takes back what the running task did; that of another, if it did nothing.
    /// @throws std::logic_error if it is open
    void open();
    /// Returns when nobody keeps it shut.
    void pass();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace drydock::sw
