package dev.treaty.cli.certs;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.CommandGroup;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.cli.secure.DevelopmentSecurity;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.time.Time;
import dev.treaty.security.tls.CertificateReport;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty certs}: certificates for development. */
@Command(
        name = "certs",
        description = {
            "Issues certificates for development, and shows what is wrong with any certificate.",
            "A user who can read the directory can become every service: production needs an authority of its own."
        },
        subcommands = {
            CertsCommand.Init.class,
            CertsCommand.Issue.class,
            CertsCommand.Renew.class,
            CertsCommand.Revoke.class,
            CertsCommand.Show.class
        },
        footerHeading = OutputCommand.EXAMPLES,
        footer = {"  treaty certs init", "  treaty certs issue shop.Orders", "  treaty certs show"})
public final class CertsCommand extends CommandGroup {
    /** The base class of the subcommands that use an authority. */
    abstract static class WithAuthority extends OutputCommand {
        @Option(
                names = "--directory",
                paramLabel = "DIRECTORY",
                defaultValue = DevelopmentSecurity.DIRECTORY,
                description = "The directory of the authority (default: ${DEFAULT-VALUE}).")
        private Path directory = Path.of(DevelopmentSecurity.DIRECTORY);

        final Path directory() {
            return directory;
        }

        final CertificateAuthority authority() throws IOException {
            if (!Files.exists(directory.resolve("ca.pem"))) {
                throw new CommandFailed("there is no authority in " + directory + ": treaty certs init creates one");
            }
            return CertificateAuthority.open(directory, Time.system());
        }

        /** Prints certificates that were issued. */
        final void printIssued(List<IssuedCertificate> issued) {
            printList(
                    issued.stream().map(each -> fields(each, directory)).toList(),
                    () -> table(issued),
                    "There is no certificate to renew.");
        }

        private Table table(List<IssuedCertificate> issued) {
            var table = new Table("NAME", "EXPIRES", "CERTIFICATE", "KEY");
            for (IssuedCertificate each : issued) {
                table.row(
                        each.name(),
                        each.certificate().getNotAfter().toInstant(),
                        directory.resolve(each.name() + ".pem"),
                        directory.resolve(each.name() + ".key"));
            }
            return table;
        }

        private static Map<String, Object> fields(IssuedCertificate issued, Path directory) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("name", issued.name());
            fields.put("serial", issued.certificate().getSerialNumber().toString(16));
            fields.put(
                    "expiresAt", issued.certificate().getNotAfter().toInstant().toString());
            fields.put("certificate", directory.resolve(issued.name() + ".pem").toString());
            fields.put("key", directory.resolve(issued.name() + ".key").toString());
            return fields;
        }
    }

    /** {@code treaty certs init}. */
    @Command(
            name = "init",
            description = {
                "Creates an authority, whose key only its owner can read. It overwrites nothing.",
                "Its certificate is valid for ten years, and for the ids of its trust domain only."
            },
            footer = {"  treaty certs init", "  treaty certs init certs --trust-domain shop.example"})
    static final class Init extends OutputCommand {
        @Parameters(
                paramLabel = "DIRECTORY",
                arity = "0..1",
                defaultValue = DevelopmentSecurity.DIRECTORY,
                description = "Where to create it (default: ${DEFAULT-VALUE}).")
        private Path directory = Path.of(DevelopmentSecurity.DIRECTORY);

        @Option(
                names = "--trust-domain",
                paramLabel = "DOMAIN",
                defaultValue = DevelopmentSecurity.TRUST_DOMAIN,
                description = "The trust domain of all its SPIFFE ids (default: ${DEFAULT-VALUE}).")
        private String trustDomain = DevelopmentSecurity.TRUST_DOMAIN;

        @Override
        public Integer call() throws IOException {
            CertificateAuthority authority = CertificateAuthority.create(directory, trustDomain, Time.system());
            var fields = new LinkedHashMap<String, Object>();
            fields.put("trustDomain", authority.trustDomain());
            fields.put("certificate", directory.resolve("ca.pem").toString());
            fields.put("key", directory.resolve("ca.key").toString());
            fields.put("revocations", directory.resolve("ca.crl").toString());
            print(fields, "Created an authority of the trust domain " + trustDomain + " in " + directory + ".");
            return Main.OK;
        }
    }

    /** {@code treaty certs issue}. */
    @Command(
            name = "issue",
            description = {
                "Issues a certificate with a new key, for a client and server of this machine.",
                "It replaces the files of an earlier one, which stays valid until it expires or is revoked."
            },
            footer = {
                "  treaty certs issue shop.Orders",
                "  treaty certs issue shop.Orders --dns orders.shop.example --ip 10.0.0.7 --lifetime 30d"
            })
    static final class Issue extends WithAuthority {
        @Parameters(
                paramLabel = "NAME",
                description = "The identity, such as shop.Orders or shop; its files are NAME.pem and NAME.key.")
        private String name = "";

        @Option(names = "--dns", paramLabel = "NAME", description = "A DNS name beside localhost; repeatable.")
        private List<String> dnsNames = new ArrayList<>();

        @Option(names = "--ip", paramLabel = "ADDRESS", description = "An IP address beside loopback; repeatable.")
        private List<String> addresses = new ArrayList<>();

        @Option(
                names = "--lifetime",
                paramLabel = "DURATION",
                defaultValue = "24h",
                description = "How long it is valid (default: ${DEFAULT-VALUE}).")
        private Duration lifetime = CertificateRequest.LIFETIME;

        @Override
        public Integer call() throws IOException {
            CertificateRequest request = CertificateRequest.of(name).withLifetime(lifetime);
            for (String each : dnsNames) {
                request = request.withDnsName(each);
            }
            for (String each : addresses) {
                request = request.withAddress(each);
            }
            printIssued(List.of(authority().write(request)));
            return Main.OK;
        }
    }

    /** {@code treaty certs renew}. */
    @Command(
            name = "renew",
            description = {
                "Issues certificates anew, with the same names and lifetime and a new key.",
                "Processes that run use them within seconds."
            },
            footer = {"  treaty certs renew shop.Orders", "  treaty certs renew --all"})
    static final class Renew extends WithAuthority {
        @Parameters(paramLabel = "NAME", arity = "0..*", description = "The names of the certificates.")
        private List<String> names = new ArrayList<>();

        @Option(names = "--all", description = "Renew every certificate in the directory.")
        private boolean all;

        @Override
        public Integer call() throws IOException {
            if (all == !names.isEmpty()) {
                throw usageError("name the certificates, or write --all");
            }
            CertificateAuthority authority = authority();
            var renewed = new ArrayList<IssuedCertificate>();
            for (String name : all ? authority.names() : names) {
                renewed.add(authority.renew(name));
            }
            printIssued(renewed);
            return Main.OK;
        }
    }

    /** {@code treaty certs revoke}. */
    @Command(
            name = "revoke",
            description = {
                "Revokes a certificate: processes that read ca.crl refuse it within seconds.",
                "It cannot be undone; treaty certs issue makes another one."
            },
            footer = {"  treaty certs revoke shop.Orders", "  treaty certs revoke --serial 6f0c2a19"})
    static final class Revoke extends WithAuthority {
        @Parameters(paramLabel = "NAME", arity = "0..1", description = "The certificate NAME.pem.")
        private @Nullable String name;

        @Option(
                names = "--serial",
                paramLabel = "HEX",
                description = "The serial number of a certificate that was replaced, in hexadecimal.")
        private @Nullable String serial;

        @Override
        public Integer call() throws IOException {
            CertificateAuthority authority = authority();
            if (name != null && serial == null) {
                authority.revoke(name);
            } else if (serial != null && name == null) {
                authority.revoke(number(serial));
            } else {
                throw usageError("write either NAME or --serial");
            }
            List<String> revoked =
                    authority.revoked().stream().map(each -> each.toString(16)).toList();
            print(
                    Map.of("revoked", revoked),
                    "Revoked " + (name == null ? serial : name) + "; "
                            + directory().resolve("ca.crl") + " has " + revoked.size() + " now.");
            return Main.OK;
        }

        private BigInteger number(String hexadecimal) {
            try {
                return new BigInteger(hexadecimal, 16);
            } catch (NumberFormatException e) {
                throw usageError("\"" + hexadecimal + "\" is not a hexadecimal number");
            }
        }
    }

    /** {@code treaty certs show}. */
    @Command(
            name = "show",
            description = {
                "Shows certificates in PEM files, of any authority, and what is wrong with them.",
                "Key, authorities and revocations are looked for beside each file. The exit code is 1 if something is"
                        + " wrong."
            },
            footer = {"  treaty certs show", "  treaty certs show /etc/tls/tls.crt"})
    static final class Show extends WithAuthority {
        @Parameters(
                paramLabel = "FILE",
                arity = "0..*",
                description = "The files (default: all *.pem of the directory).")
        private List<Path> files = new ArrayList<>();

        @Override
        public Integer call() throws IOException {
            var reports = new ArrayList<CertificateReport>();
            for (Path file : files.isEmpty() ? all() : files) {
                try {
                    reports.add(CertificateReport.of(file, Time.system().instant()));
                } catch (CertificateException e) {
                    throw new CommandFailed(String.valueOf(e.getMessage()));
                }
            }
            if (json()) {
                printJson(reports.stream().map(Show::fields).toList());
            } else if (reports.isEmpty()) {
                out().println("There is no certificate in " + directory() + ".");
            } else {
                reports.forEach(this::print);
            }
            return reports.stream().allMatch(each -> each.problems().isEmpty()) ? Main.OK : Main.FAILED;
        }

        private List<Path> all() throws IOException {
            try (Stream<Path> listed = Files.list(directory())) {
                return listed.filter(file -> file.toString().endsWith(".pem"))
                        .sorted()
                        .toList();
            }
        }

        private void print(CertificateReport report) {
            out().println(paint(Style.HEADING, PrintableText.line(report.file().toString())));
            line("identity", report.authority() ? "(an authority)" : report.identity());
            line("names", String.join(", ", report.names()));
            line("issuer", report.issuer());
            line("serial", report.serial());
            line("valid", report.validFrom() + " to " + report.expiresAt());
            line("sha256", report.fingerprint());
            for (String problem : report.problems()) {
                out().println("  " + paint(Style.WARNING, "wrong: " + PrintableText.line(problem)));
            }
        }

        private void line(String name, String value) {
            out().println("  " + name + " ".repeat(10 - name.length()) + value);
        }

        private static Map<String, Object> fields(CertificateReport report) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("file", report.file().toString());
            fields.put("identity", report.identity());
            fields.put("authority", report.authority());
            fields.put("names", report.names());
            fields.put("subject", report.subject());
            fields.put("issuer", report.issuer());
            fields.put("serial", report.serial());
            fields.put("validFrom", report.validFrom().toString());
            fields.put("expiresAt", report.expiresAt().toString());
            fields.put("fingerprint", report.fingerprint());
            fields.put("problems", report.problems());
            return fields;
        }
    }
}
