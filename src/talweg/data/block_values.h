// SPDX-License-Identifier: Apache-2.0
// The numbers of a block of rows: its own, or borrowed from the stretch they were parsed into, which then
// lives as long as they do. What changes them makes them the block's own first.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace talweg {

class BlockValues {
 public:
  BlockValues() = default;
  BlockValues(std::initializer_list<double> values) : own_(values) { see_own(); }
  BlockValues(std::vector<double> values) : own_(std::move(values)) { see_own(); }
  ~BlockValues() = default;
  BlockValues(const BlockValues& other)
      : own_(other.own_), owner_(other.owner_), view_(other.view_), size_(other.size_) {
    if (!owner_) see_own();
  }
  BlockValues(BlockValues&& other) noexcept { swap(other); }
  BlockValues& operator=(BlockValues other) noexcept {
    swap(other);
    return *this;
  }

  void borrow(std::shared_ptr<const void> owner, const double* values, std::size_t count) {
    owner_ = std::move(owner);
    view_ = values;
    size_ = count;
  }

  /// Nothing is borrowed any more; the block's own memory stays.
  void release() {
    owner_.reset();
    see_own();
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const double* data() const { return view_; }
  [[nodiscard]] const double* begin() const { return view_; }
  [[nodiscard]] const double* end() const { return view_ + size_; }
  const double& operator[](std::size_t k) const { return view_[k]; }

  double* data() { return mine().data(); }
  double* begin() { return mine().data(); }
  double* end() { return mine().data() + size_; }
  double& operator[](std::size_t k) { return mine()[k]; }
  void clear() {
    owner_.reset();
    own_.clear();
    see_own();
  }
  /// New numbers are 0 only where the block had fewer before.
  void resize(std::size_t count) {
    mine().resize(count);
    see_own();
  }
  /// `count` numbers, to be written: of what they are now nothing is promised.
  double* overwrite(std::size_t count) {
    owner_.reset();
    own_.resize(count);
    see_own();
    return own_.data();
  }
  void push_back(double value) {
    mine().push_back(value);
    see_own();
  }
  void assign(std::size_t count, double value) {
    owner_.reset();
    own_.assign(count, value);
    see_own();
  }
  template <class Iterator>
  void assign(Iterator first, Iterator last) {
    owner_.reset();
    own_.assign(first, last);
    see_own();
  }
  template <class... Arguments>
  void insert(const double* place, Arguments&&... arguments) {
    const auto at = place - view_;
    std::vector<double>& own = mine();
    own.insert(own.begin() + at, std::forward<Arguments>(arguments)...);
    see_own();
  }

 private:
  std::vector<double>& mine() {
    if (owner_) {
      own_.assign(view_, view_ + size_);
      owner_.reset();
      see_own();
    }
    return own_;
  }
  void see_own() {
    view_ = own_.data();
    size_ = own_.size();
  }
  void swap(BlockValues& other) noexcept {
    // A vector keeps its place in memory.
    std::swap(own_, other.own_);
    std::swap(owner_, other.owner_);
    std::swap(view_, other.view_);
    std::swap(size_, other.size_);
  }

  std::vector<double> own_;
  std::shared_ptr<const void> owner_;  // of borrowed values
  const double* view_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace talweg
