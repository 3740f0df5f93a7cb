// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// A function that may sleep is called with interrupts off, under a spinning lock or in interrupt.
class sleep_in_atomic final : public monitor {
public:
    explicit sleep_in_atomic(reporter& r);

private:
    void on_event(const base::event& e) override;
};

}  // namespace drydock::monitors
