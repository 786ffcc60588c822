/**
 * Configuration: one file and the environment, read into one immutable tree of settings or refused with everything that
 * is wrong.
 *
 * <p>{@link dev.treaty.config.Settings} is made of the same policy records that the libraries take, so nothing below
 * the facade ever sees a configuration. Defaults are instances of these records, and what a file says is laid over
 * them:
 * {@code defaults} over the built-in values, a service over {@code defaults}, an operation over its service.
 *
 * <p>The environment beats the file. The variable of a setting is its key in capitals with every other character as
 * {@code _} and {@code TREATY_} before it: {@code TREATY_SERVER_PORT} is {@code server.port}, and {@code
 * TREATY_SERVICES_SHOP_ORDERS_DEADLINE} is {@code services.shop.Orders.deadline} where the file names that service. A
 * value in the file may take another variable with <code>${NAME}</code> or <code>${NAME:otherwise}</code>.
 *
 * <p>Whatever is wrong is a {@link dev.treaty.config.Problem} with its place and with what to write instead, all told
 * at once in a {@link dev.treaty.config.ConfigurationException}. An unknown key or variable is wrong too: a setting
 * that silently does nothing is the worst kind of mistake.
 *
 * {@snippet class="SettingsExample" region="load"}
 */
package dev.treaty.config;
