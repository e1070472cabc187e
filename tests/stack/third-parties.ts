/** What is known of the images of others. Nothing here was read out of an image: it is what their documentation says. */
interface ThirdParty {
  /** The keys of its environment that we set. Another one would be a typing error, or is to be looked up first. */
  readonly keys: readonly string[];
  /** The program by which its health is asked, which the image holds. */
  readonly probe: RegExp;
  /** Users of the image's own choice may be root at the beginning. */
  readonly capabilities?: readonly string[];
}

export const thirdParties: Readonly<Record<string, ThirdParty>> = {
  'pgvector/pgvector': {
    keys: ['POSTGRES_PASSWORD_FILE', 'POSTGRES_INITDB_ARGS'],
    probe: /^CMD pg_isready -h 127\.0\.0\.1/,
  },
  // `ping` exits with 0 when the login is refused.
  'valkey/valkey': { keys: [], probe: /^CMD-SHELL REDISCLI_AUTH=.* valkey-cli --user health ping \| grep -q PONG$/ },
  'chrislusf/seaweedfs': { keys: [], probe: /^CMD wget -q -O \/dev\/null http:\/\/127/ },
  // Neither curl nor wget.
  'quay.io/keycloak/keycloak': {
    keys: [
      'KC_DB',
      'KC_DB_URL',
      'KC_DB_USERNAME',
      'KC_BOOTSTRAP_ADMIN_USERNAME',
      'KC_HOSTNAME',
      'KC_HOSTNAME_BACKCHANNEL_DYNAMIC',
      'KC_HTTP_ENABLED',
      'KC_PROXY_HEADERS',
      'KC_PROXY_TRUSTED_ADDRESSES',
      'KC_HEALTH_ENABLED',
      'KC_METRICS_ENABLED',
      'KC_CACHE',
      // For placeholders of the realm.
      'HOLDFAST_URL',
    ],
    probe: /^CMD bash -c .*\/dev\/tcp\/localhost\/9000$/,
  },
  traefik: {
    // For dynamic.yml.
    keys: [
      'EDGE_RATE_AVERAGE',
      'EDGE_RATE_BURST',
      'EDGE_PROXY_DEPTH',
      'EDGE_TLS_CERT',
      'EDGE_TLS_KEY',
      'EDGE_TEMPORAL_UI_URL',
    ],
    probe: /^CMD traefik healthcheck /,
  },
  // No curl.
  kong: {
    keys: [
      'KONG_DATABASE',
      'KONG_DECLARATIVE_CONFIG',
      'KONG_PREFIX',
      'KONG_PROXY_LISTEN',
      'KONG_ADMIN_LISTEN',
      'KONG_ADMIN_GUI_LISTEN',
      'KONG_STATUS_LISTEN',
      'KONG_ANONYMOUS_REPORTS',
      'KONG_HEADERS',
      'KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE',
      'KONG_NGINX_WORKER_PROCESSES',
      'KONG_PROXY_ACCESS_LOG',
      'KONG_PROXY_ERROR_LOG',
      'KONG_SSL_CERT',
      'KONG_SSL_CERT_KEY',
      // For kong.yml.
      'EDGE_REDIS_USERNAME',
    ],
    probe: /^CMD kong health$/,
  },
  // Busybox and the server alone.
  'temporalio/server': {
    keys: [
      'DB',
      'DB_PORT',
      'POSTGRES_SEEDS',
      'POSTGRES_USER',
      'DBNAME',
      'VISIBILITY_DBNAME',
      'NUM_HISTORY_SHARDS',
      'BIND_ON_IP',
      'DYNAMIC_CONFIG_FILE_PATH',
      'PROMETHEUS_ENDPOINT',
      'TEMPORAL_VERSION_CHECK_DISABLED',
    ],
    probe: /^CMD nc -z localhost 7233$/,
  },
  'temporalio/admin-tools': {
    keys: [
      'SQL_PLUGIN',
      'SQL_HOST',
      'SQL_PORT',
      'SQL_USER',
      'SQL_PASSWORD_FILE',
      'TEMPORAL_ADDRESS',
      'TEMPORAL_NAMESPACE',
      'TEMPORAL_RETENTION',
    ],
    probe: /^$/,
  },
  'temporalio/ui': {
    keys: [
      'TEMPORAL_ADDRESS',
      'TEMPORAL_DISABLE_NEWS_FETCH',
      'TEMPORAL_UI_PUBLIC_PATH',
      'TEMPORAL_DISABLE_WRITE_ACTIONS',
      'TEMPORAL_DEFAULT_NAMESPACE',
    ],
    probe: /^CMD wget .*:8080\/healthz$/,
  },
};

/** Collectors, metrics, logs and pictures of them: the product never waits for these. */
export const observability = [
  'otel-collector',
  'prometheus',
  'grafana',
  'loki',
  'tempo',
  'alertmanager',
  'postgres-exporter',
  'valkey-exporter',
];
