//! Test support: file layers that lose power and fail.
