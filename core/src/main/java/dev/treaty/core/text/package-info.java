/**
 * Text for people: {@link dev.treaty.core.text.PrintableText} has no control characters, {@link
 * dev.treaty.core.text.Secrets} masks passwords and tokens, {@link dev.treaty.core.text.DurationFormat} reads and
 * writes durations, and {@link dev.treaty.core.text.AddressRange} networks.
 */
package dev.treaty.core.text;
