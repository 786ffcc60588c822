/**
 * Text that may be shown: {@link dev.treaty.core.text.PrintableText} has no control characters, and {@link
 * dev.treaty.core.text.Secrets} masks passwords and tokens.
 */
package dev.treaty.core.text;
