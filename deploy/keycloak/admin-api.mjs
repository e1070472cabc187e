/** Tokens of administrators live for a minute. */
const FRESH_MS = 30_000;
const CALL_MS = 30_000;

/** Keycloak's Admin REST API as the administrator of its realm `master`. */
export class AdminApi {
  #url;
  #who;
  #token = { text: '', at: 0 };

  constructor(url, username, password) {
    this.#url = url.replace(/\/$/, '');
    this.#who = { username, password };
  }

  /** The answer's JSON; null = 404. */
  get = (path) => this.#ask('GET', path);
  post = (path, body) => this.#ask('POST', path, body);
  put = (path, body) => this.#ask('PUT', path, body);
  delete = (path, body) => this.#ask('DELETE', path, body);

  async #ask(method, path, body) {
    const answer = await this.#fetch(`${this.#url}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#fresh()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status === 404 && method === 'GET') return null;
    if (!answer.ok)
      throw new Error(`${method} /admin/realms${path} was answered ${answer.status}: ${text.slice(0, 500)}`);
    return text === '' ? null : JSON.parse(text);
  }

  async #fresh() {
    if (Date.now() - this.#token.at < FRESH_MS) return this.#token.text;
    const answer = await this.#fetch(`${this.#url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...this.#who }),
    });
    if (!answer.ok) throw new Error(`Keycloak does not let ${this.#who.username} in: ${answer.status}`);
    const { access_token: text } = await answer.json();
    this.#token = { text, at: Date.now() };
    return text;
  }

  async #fetch(url, init) {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_MS) });
    } catch (error) {
      throw new Error(`${url} cannot be reached: ${error.cause?.message ?? error.message}`, { cause: error });
    }
  }
}
