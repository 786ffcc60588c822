package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.security.TokenProtocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty tokens}: the tokens and API keys that the registry's process issues. */
@Command(
        name = "tokens",
        description = {
            "Issues and revokes tokens and API keys, by the registry's process.",
            "A token is for the services that it names, and ends soon; an API key is for programs outside. Only"
                    + " operators may use this."
        },
        subcommands = {
            TokensCommand.Issue.class,
            TokensCommand.Revoke.class,
            TokensCommand.Rotate.class,
            TokensCommand.CreateKey.class,
            TokensCommand.RevokeKey.class,
            TokensCommand.ListKeys.class
        },
        footerHeading = OutputCommand.EXAMPLES,
        footer = {
            "  treaty tokens issue alice --for shop.Orders --lifetime 10m --secure",
            "  treaty tokens create-key partner --role reader --secure",
            "  treaty tokens revoke-key 4f6Qm1 --secure"
        })
final class TokensCommand extends CommandGroup {
    /** The base class of the subcommands. */
    abstract static class WithService extends OutputCommand {
        private static final int PAGE = 1_000;

        @Mixin
        private final RegistryOptions registry = new RegistryOptions();

        /** A request to the service of tokens. */
        @FunctionalInterface
        interface Request<T> {
            T send(TokenProtocol tokens) throws InterruptedException;
        }

        final <T> T request(Request<T> request) throws InterruptedException {
            try (Treaty treaty = registry.open()) {
                return request.send(treaty.client(TokenProtocol.class));
            } catch (ServiceException e) {
                throw e.code() == Code.UNAVAILABLE && e.getMessage().contains("no instance of")
                        ? new CommandFailed(
                                "the registry issues no tokens: it does with security, as \"treaty registry --secure\""
                                        + " and \"treaty up --secure\" start it")
                        : e;
            }
        }

        static List<TokenProtocol.ApiKey> all(TokenProtocol tokens) throws InterruptedException {
            var keys = new ArrayList<TokenProtocol.ApiKey>();
            List<TokenProtocol.ApiKey> page;
            do {
                page = tokens.list(keys.isEmpty() ? "" : keys.getLast().id(), PAGE);
                keys.addAll(page);
            } while (page.size() == PAGE);
            return keys;
        }
    }

    /** {@code treaty tokens issue}. */
    @Command(
            name = "issue",
            description = {
                "Issues a token, and prints it; nothing else keeps it.",
                "Give it to a client by security.client.token-file, or to curl as \"Authorization: Bearer TOKEN\"."
            },
            footer = {
                "  treaty tokens issue alice --for shop.Orders --secure",
                "  treaty tokens issue job --for shop.Orders --for shop.Payments --claim tenant=eu --json"
            })
    static final class Issue extends WithService {
        @Parameters(paramLabel = "SUBJECT", description = "Who it is about.")
        private String subject = "";

        @Option(
                names = "--for",
                paramLabel = "SERVICE",
                required = true,
                description = "A service for which it is valid; repeatable.")
        private List<String> audience = List.of();

        @Option(names = "--lifetime", paramLabel = "DURATION", description = "How long it is valid (default: 1h).")
        private Duration lifetime = Duration.ofHours(1);

        @Option(names = "--role", paramLabel = "ROLE", description = "A role that it states; repeatable.")
        private List<String> roles = List.of();

        @Option(names = "--claim", paramLabel = "NAME=VALUE", description = "A claim that it states; repeatable.")
        private Map<String, String> claims = Map.of();

        @Override
        public Integer call() throws InterruptedException {
            var issued = request(tokens ->
                    tokens.issue(subject, audience, lifetime.toSeconds(), Optional.of(roles), Optional.of(claims)));
            var fields = new LinkedHashMap<String, Object>();
            fields.put("id", issued.id());
            fields.put("token", issued.token());
            fields.put("expiresAt", issued.expiresAt());
            if (!json()) {
                spec().commandLine().getErr().println("id " + issued.id() + ", until " + issued.expiresAt());
            }
            print(fields, issued.token());
            return Main.OK;
        }
    }

    /** {@code treaty tokens revoke}. */
    @Command(
            name = "revoke",
            description = {
                "Revokes a token, and those that were made from it by refreshing.",
                "Every server refuses it within ten seconds."
            },
            footer = "  treaty tokens revoke 2vQm1x --secure")
    static final class Revoke extends WithService {
        @Parameters(paramLabel = "ID", description = "The id of the token, or the token itself.")
        private String given = "";

        @Override
        public Integer call() throws InterruptedException {
            String id = id(given);
            request(tokens -> {
                tokens.revoke(id);
                return id;
            });
            print(Map.of("revoked", id), "token " + id + " is revoked");
            return Main.OK;
        }

        /** Returns the id in a token; what is no token is an id. */
        private static String id(String given) {
            String[] parts = given.strip().split("\\.", -1);
            if (parts.length != 3) {
                return given;
            }
            try {
                byte[] claims = Base64.getUrlDecoder().decode(parts[1]);
                return Json.read(claims) instanceof Map<?, ?> map && map.get("jti") instanceof String id ? id : given;
            } catch (IllegalArgumentException | MessageException e) {
                return given;
            }
        }
    }

    /** {@code treaty tokens rotate}. */
    @Command(
            name = "rotate",
            description = {
                "Signs with the next key from now on; tokens that the key before has signed stay valid until they end.",
                "Keys change by themselves after security.tokens.rotation."
            },
            footer = "  treaty tokens rotate --secure")
    static final class Rotate extends WithService {
        @Override
        public Integer call() throws InterruptedException {
            String key = request(TokenProtocol::rotate);
            print(Map.of("key", key), "tokens are signed with key " + key);
            return Main.OK;
        }
    }

    /** {@code treaty tokens create-key}. */
    @Command(
            name = "create-key",
            description = {
                "Creates an API key, and prints it; only a digest of it is stored.",
                "Programs send it as \"Authorization: Bearer KEY\"."
            },
            footer = "  treaty tokens create-key partner --role reader --lifetime 90d --secure")
    static final class CreateKey extends WithService {
        @Parameters(paramLabel = "SUBJECT", description = "Who uses it.")
        private String subject = "";

        @Option(names = "--role", paramLabel = "ROLE", description = "A role of the key; repeatable.")
        private List<String> roles = List.of();

        @Option(names = "--lifetime", paramLabel = "DURATION", description = "How long it is valid (default: 90d).")
        private Duration lifetime = Duration.ofDays(90);

        @Override
        public Integer call() throws InterruptedException {
            var created = request(tokens -> tokens.createKey(subject, Optional.of(roles), lifetime.toSeconds()));
            var fields = new LinkedHashMap<String, Object>();
            fields.put("id", created.id());
            fields.put("key", created.key());
            fields.put("expiresAt", created.expiresAt());
            if (!json()) {
                spec().commandLine().getErr().println("id " + created.id() + ", until " + created.expiresAt());
            }
            print(fields, created.key());
            return Main.OK;
        }
    }

    /** {@code treaty tokens revoke-key}. */
    @Command(
            name = "revoke-key",
            description = "Revokes an API key. Every server refuses it within ten seconds.",
            footer = "  treaty tokens revoke-key 4f6Qm1 --secure")
    static final class RevokeKey extends WithService {
        @Parameters(paramLabel = "ID", description = "The id of the key, or the key itself.")
        private String given = "";

        @Override
        public Integer call() throws InterruptedException {
            String[] parts = given.split("_", -1);
            String id = parts.length == 3 && parts[0].equals("treaty") ? parts[1] : given;
            boolean known = request(tokens -> {
                boolean listed = all(tokens).stream().anyMatch(key -> key.id().equals(id));
                tokens.revokeKey(id);
                return listed;
            });
            if (!known) {
                throw new CommandFailed("there is no API key " + id + ": \"treaty tokens list\" shows their ids");
            }
            print(Map.of("revoked", id), "API key " + id + " is revoked");
            return Main.OK;
        }
    }

    /** {@code treaty tokens list}. */
    @Command(
            name = "list",
            description = "Lists the API keys. Tokens are not stored.",
            footer = "  treaty tokens list --secure")
    static final class ListKeys extends WithService {
        @Override
        public Integer call() throws InterruptedException {
            List<TokenProtocol.ApiKey> keys = request(WithService::all);
            printList(
                    keys.stream().map(ListKeys::fields).toList(),
                    () -> {
                        var table = new Table("ID", "SUBJECT", "ROLES", "CREATED", "EXPIRES");
                        keys.forEach(key -> table.row(
                                key.id(),
                                key.subject(),
                                String.join(", ", key.roles()),
                                key.createdAt(),
                                key.expiresAt()));
                        return table;
                    },
                    "There are no API keys.");
            return Main.OK;
        }

        private static Map<String, Object> fields(TokenProtocol.ApiKey key) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("id", key.id());
            fields.put("subject", key.subject());
            fields.put("roles", key.roles());
            fields.put("createdAt", key.createdAt());
            fields.put("expiresAt", key.expiresAt());
            return fields;
        }
    }
}
