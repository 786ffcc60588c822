import dev.treaty.Configuration;
import dev.treaty.Treaty;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

class ConfigurationExample {
    // @start region="payments"
    record Payments(String currency, Duration patience) {
        static final Payments DEFAULT = new Payments("EUR", Duration.ofSeconds(2));

        Payments {
            if (patience.isNegative()) {
                throw new IllegalArgumentException("patience must not be negative, and is " + patience);
            }
        }
    }

    // @end

    void watch() {
        // @start region="watch"
        try (Treaty treaty = Treaty.open(Path.of("treaty.yaml"))) {
            Configuration configuration = treaty.configuration();
            configuration.watch("app.payments", Payments.class, payments -> use(payments));
            configuration.watch(
                    "services.shop.Orders",
                    change -> System.out.println(
                            change.key() + " is now " + change.after().orElse("unset") + " by " + change.who()));
            configuration.set(
                    "services.shop.Orders.deadline", "5s", "a slow supplier", Optional.of(Duration.ofHours(1)));
        }
        // @end
    }

    void use(Payments payments) {}
}
