/**
 * Text for people: {@link dev.treaty.core.text.PrintableText} has no control characters, {@link
 * dev.treaty.core.text.Secrets} masks passwords and tokens, and {@link dev.treaty.core.text.DurationFormat} reads and
 * writes durations.
 */
package dev.treaty.core.text;
