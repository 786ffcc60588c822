/**
 * Configuration: one file and the environment, parsed into one immutable tree of settings.
 *
 * <p>{@link dev.treaty.config.Settings} consists of the policy records that the libraries take, so that only the facade
 * reads a configuration. Defaults are instances of these records, and values are inherited in layers: built-in values,
 * {@code defaults}, a service, an operation.
 *
 * <p>The environment overrides the file. The variable of a setting is its key in capitals with {@code _} for every
 * other character and the prefix {@code TREATY_}: {@code TREATY_SERVER_PORT} is {@code server.port}, and {@code
 * TREATY_SERVICES_SHOP_ORDERS_DEADLINE} is {@code services.shop.Orders.deadline} if the file names that service. A
 * value in the file may refer to another variable with <code>${NAME}</code> or <code>${NAME:default}</code>.
 *
 * <p>Every error is a {@link dev.treaty.config.Problem} with its place and with what to write instead; a {@link
 * dev.treaty.config.ConfigurationException} reports all of them together. Unknown keys and variables are errors,
 * because a misspelled setting would have no effect.
 *
 * <p>The components of the records say what they mean and accept, with {@link dev.treaty.core.contract.Description} and
 * {@link dev.treaty.core.text.Accepted}. The table of all keys and the {@linkplain dev.treaty.config.SettingsSchema
 * schema for editors} are written from them.
 *
 * {@snippet class="SettingsExample" region="load"}
 */
package dev.treaty.config;
