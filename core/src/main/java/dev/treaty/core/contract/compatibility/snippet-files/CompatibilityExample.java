import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.contract.compatibility.Difference;
import java.util.List;

class CompatibilityExample {
    List<Difference> breaking(ServiceContract released, ServiceContract next) {
        // @start region="compare"
        var compatibility = Compatibility.between(released, next);
        if (compatibility.oldClientsWork()) {
            return List.of();
        }
        return compatibility.differences().stream()
                .filter(Difference::breaksOldClients)
                .toList();
        // @end
    }
}
