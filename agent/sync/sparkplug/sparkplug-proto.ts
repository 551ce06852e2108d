/**
 * The part of the Sparkplug B payload that this agent uses, as proto2 text.
 *
 * Other fields, such as data sets, templates and metadata, are left out: a reader skips unknown fields.
 * Source: Sparkplug 3.0 §6.4.1; field numbers of its sparkplug_b.proto.
 */
export const SPARKPLUG_PROTO = `
syntax = "proto2";
package luciole.sparkplug;

message Payload {
  optional uint64 timestamp = 1;
  repeated Metric metrics = 2;
  optional uint64 seq = 3;
}

message Metric {
  optional string name = 1;
  optional uint64 alias = 2;
  optional uint64 timestamp = 3;
  optional uint32 datatype = 4;
  optional bool is_historical = 5;
  optional bool is_transient = 6;
  optional bool is_null = 7;
  optional PropertySet properties = 9;
  optional uint32 int_value = 10;
  optional uint64 long_value = 11;
  optional float float_value = 12;
  optional double double_value = 13;
  optional bool boolean_value = 14;
  optional string string_value = 15;
  optional bytes bytes_value = 16;
}

message PropertySet {
  repeated string keys = 1;
  repeated PropertyValue values = 2;
}

message PropertyValue {
  optional uint32 type = 1;
  optional bool is_null = 2;
  optional uint32 int_value = 3;
  optional uint64 long_value = 4;
  optional float float_value = 5;
  optional double double_value = 6;
  optional bool boolean_value = 7;
  optional string string_value = 8;
}
`;

/**
 * Numbers of some Sparkplug types, for writing and reading. UInt32 is not written, because hosts disagree about its field. Source:
 * Sparkplug 3.0 §6.4.16.
 */
export const DATATYPE = { Int32: 3, Int64: 4, Float: 9, Double: 10, Boolean: 11, String: 12, DateTime: 13, Bytes: 17 } as const;

/** Type numbers of the integer types, Int8 to UInt64; their values are in `int_value` or `long_value`. */
export const INTEGER_DATATYPES: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];
/** Type numbers of the unsigned integer types, UInt8 to UInt64. */
export const UNSIGNED_DATATYPES: readonly number[] = [5, 6, 7, 8];
