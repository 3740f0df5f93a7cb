// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <verilated.h>

#include <memory>

#include "rtl/adapter/verilated_coverage.h"

namespace drydock::rtl {

/// A Verilated model in a context of its own, with its clock and its reset.
template <class Model>
class verilated_model {
public:
    /// @param name what the model is called in the texts of its assertions
    explicit verilated_model(const char* name) : model_(std::make_unique<Model>(&context_, name)) {}
    ~verilated_model() {
        // Verilator unregisters a model at the thread's context, which is that of the newest model.
        Verilated::threadContextp(&context_);
        model_->final();
        leave_coverage(context_);
    }
    verilated_model(const verilated_model&) = delete;
    verilated_model& operator=(const verilated_model&) = delete;

    Model* operator->() { return model_.get(); }
    const Model* operator->() const { return model_.get(); }
    Model& operator*() { return *model_; }
    const Model& operator*() const { return *model_; }

    /// A rising edge. Inputs settle while the clock is low: assertions look at what stands before.
    void edge() {
        model_->clk_i = 0;
        model_->eval();
        model_->clk_i = 1;
        model_->eval();
    }
    /// Two edges in reset; the next is the first outside of it.
    void reset() {
        model_->rst_ni = 0;
        edge();
        edge();
        model_->rst_ni = 1;
    }

private:
    struct one_thread : VerilatedContext {
        one_thread() { threads(1); }
    };
    one_thread context_;
    std::unique_ptr<Model> model_;
};

}  // namespace drydock::rtl
