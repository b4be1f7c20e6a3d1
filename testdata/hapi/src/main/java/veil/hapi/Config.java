package veil.hapi;

import java.util.List;
import java.util.Properties;
import java.util.Set;

import javax.sql.DataSource;

import org.apache.commons.dbcp2.BasicDataSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.server.HardcodedServerAddressStrategy;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;

/** The server's beans: HAPI's own configurations, and the few they leave open. */
@Configuration
@Import({
    JpaR4Config.class,
    HapiJpaConfig.class,
    ThreadPoolFactoryConfig.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class,
    SubscriptionChannelConfig.class,
    SubscriptionSubmitterConfig.class,
})
public class Config {
    /** What a page of a search holds if the client does not say. */
    private static final int PAGE_SIZE = 20;
    private static final int MAX_PAGE_SIZE = 500;
    /** What a file of an export holds: few, so that there are several of a type. */
    private static final int EXPORT_FILE_SIZE = 400;

    @Value("${hapi.base}")
    private String base;

    @Bean
    public JpaStorageSettings storageSettings() {
        JpaStorageSettings s = new JpaStorageSettings();
        // Loaded as it comes: in any order, with the ids it has, and with
        // references to other servers and to what is not there.
        s.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.ANY);
        s.setResourceServerIdStrategy(JpaStorageSettings.IdStrategyEnum.UUID);
        s.setEnforceReferentialIntegrityOnWrite(false);
        s.setEnforceReferentialIntegrityOnDelete(false);
        s.setAllowExternalReferences(true);
        s.setTreatBaseUrlsAsLocal(Set.of(base));
        s.setBundleTypesAllowedForStorage(Set.of(
            "batch", "batch-response", "collection", "document", "history", "message", "searchset", "transaction",
            "transaction-response"));
        // An honest total, and no answer out of an earlier search.
        s.setDefaultTotalMode(ca.uhn.fhir.rest.api.SearchTotalModeEnum.ACCURATE);
        s.setReuseCachedSearchResultsForMillis(null);
        s.setSearchPreFetchThresholds(List.of(200, 2000, -1));
        s.setAllowContainsSearches(true);
        // Export jobs run; the rest of what runs by itself does not.
        s.setEnableTaskBulkExportJobExecution(true);
        s.setEnableBulkExportJobReuse(false);
        s.setBulkExportFileMaximumCapacity(EXPORT_FILE_SIZE);
        s.setJobFastTrackingEnabled(true);
        s.setEnableTaskPreExpandValueSets(false);
        s.setEnableTaskResourceReindexing(false);
        s.setEnableTaskStaleSearchCleanup(false);
        return s;
    }

    @Bean
    public PartitionSettings partitionSettings() {
        return new PartitionSettings();
    }

    @Bean
    public SubscriptionSettings subscriptionSettings() {
        return new SubscriptionSettings();
    }

    @Bean
    public IBinaryStorageSvc binaryStorage() {
        return new DatabaseBinaryContentStorageSvcImpl(); // where export files go
    }

    @Bean(destroyMethod = "close")
    public BasicDataSource dataSource() {
        BasicDataSource d = new BasicDataSource();
        d.setUrl("jdbc:h2:mem:hapi;DB_CLOSE_DELAY=-1");
        d.setUsername("sa");
        d.setMaxTotal(30);
        return d;
    }

    @Bean
    @Primary
    public LocalContainerEntityManagerFactoryBean entityManagerFactory(
            DataSource dataSource, ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings) {
        LocalContainerEntityManagerFactoryBean f =
            HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
        f.setPersistenceUnitName("HAPI_PU");
        f.setDataSource(dataSource);
        Properties p = new Properties();
        p.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
        p.put("hibernate.hbm2ddl.auto", "create");
        p.put("hibernate.jdbc.batch_size", "30");
        p.put("hibernate.cache.use_query_cache", "false");
        p.put("hibernate.cache.use_second_level_cache", "false");
        p.put("hibernate.search.enabled", "false");
        f.setJpaProperties(p);
        return f;
    }

    @Bean
    @Primary
    public JpaTransactionManager transactionManager(EntityManagerFactory f) {
        return new JpaTransactionManager(f);
    }

    @Bean
    public RestfulServer restfulServer(
            FhirContext fhir, ResourceProviderFactory resources, JpaSystemProvider<?, ?> system,
            BulkDataExportProvider export, ValueSetOperationProvider valueSets, DatabaseBackedPagingProvider paging, IFhirSystemDao<?, ?> dao,
            JpaStorageSettings settings, ISearchParamRegistry searchParams, IValidationSupport validation) {
        RestfulServer s = new RestfulServer(fhir);
        s.registerProviders(resources.createProviders());
        s.registerProvider(system);
        s.registerProvider(export);
        s.registerProvider(valueSets);
        JpaCapabilityStatementProvider capability =
            new JpaCapabilityStatementProvider(s, dao, settings, searchParams, validation);
        capability.setImplementationDescription("HAPI FHIR for tests");
        s.setServerConformanceProvider(capability);
        paging.setDefaultPageSize(PAGE_SIZE);
        paging.setMaximumPageSize(MAX_PAGE_SIZE);
        s.setPagingProvider(paging);
        s.setServerAddressStrategy(new HardcodedServerAddressStrategy(base));
        return s;
    }
}
