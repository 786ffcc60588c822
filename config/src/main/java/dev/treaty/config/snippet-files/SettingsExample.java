import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.resilience.FaultTolerance;
import java.nio.file.Path;

class SettingsExample {
    // @start region="load"
    Settings settings = Settings.load(Path.of("treaty.yaml"), System.getenv());
    FaultTolerance orders = settings.service(new ServiceName("shop.Orders")).service();
    // @end
}
