// A signed-in phone: the two tokens, and requests that renew the access token when it has expired.
//
// Nothing here knows React. The refresh token is the one thing worth stealing, so it goes where the phone keeps secrets
// (`TokenStore`: the Keychain, the Keystore) and the access token stays in memory.

export interface TokenStore {
  read(): Promise<string | null>;
  write(refreshToken: string): Promise<void>;
  clear(): Promise<void>;
}

/** munjigi refused. `word` is the header Munjigi-Error, which is the same in every language. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly word: string,
    message: string,
  ) {
    super(message);
  }
}

interface Tokens {
  access_token: string;
  /** Missing where a refresh leaves the refresh token as it is (ROTATE_REFRESH_TOKENS off). */
  refresh_token?: string;
}

export class Session {
  private access: string | null = null;
  private renewing: Promise<void> | null = null;

  constructor(
    private readonly base: string,
    private readonly store: TokenStore,
  ) {}

  async signUp(person: { username: string; email: string; password: string }): Promise<void> {
    await this.keep(await this.post<Tokens>("/user/jwt_signup", person));
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.keep(await this.post<Tokens>("/user/jwt_signin", { email, password }));
  }

  /** Signed out here in any case; at the server where it can be reached. */
  async signOut(): Promise<void> {
    const refresh_token = await this.store.read();
    try {
      if (refresh_token) await this.post("/user/jwt_signout", { refresh_token });
    } finally {
      await this.forget();
    }
  }

  /** Whether someone was signed in when the app was closed. */
  async isRemembered(): Promise<boolean> {
    return (await this.store.read()) !== null;
  }

  /** A request that needs a signed-in user. Tried once more, with a new access token, where the old one is not good. */
  async fetch<T>(path: string, init: RequestInit = {}): Promise<T> {
    if (!this.access) await this.renew();
    const sent = this.access;
    try {
      return await this.send<T>(path, init);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      // Another request may have renewed it while this one was on its way.
      if (this.access === sent) await this.renew();
      return this.send<T>(path, init);
    }
  }

  /** One renewal at a time, however many requests wait for it. */
  private renew(): Promise<void> {
    this.renewing ??= this.askForTokens().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async askForTokens(): Promise<void> {
    const refresh_token = await this.store.read();
    if (!refresh_token) throw new Refused(401, "not_authenticated", "Nobody is signed in.");
    try {
      await this.keep(await this.post<Tokens>("/user/jwt_refresh", { refresh_token }));
    } catch (error) {
      // A tunnel is no reason to sign anybody out: only munjigi's own no is.
      if (error instanceof Refused && error.status === 401) await this.forget();
      throw error;
    }
  }

  private async keep(tokens: Tokens): Promise<void> {
    // Written before it is used: with rotation the old refresh token may be good for nothing from now on.
    if (tokens.refresh_token) await this.store.write(tokens.refresh_token);
    this.access = tokens.access_token;
  }

  private async forget(): Promise<void> {
    this.access = null;
    await this.store.clear();
  }

  private post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    return answer<T>(fetch(this.base + path, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  private send<T>(path: string, init: RequestInit): Promise<T> {
    const headers = { ...init.headers, Authorization: `Bearer ${this.access}` };
    return answer<T>(fetch(this.base + path, { ...init, headers }));
  }
}

async function answer<T>(request: Promise<Response>): Promise<T> {
  const response = await request;
  const body = await response.json();
  if (response.ok) return body as T;
  const first = body.error ?? body.detail ?? Object.values(body).flat()[0];
  throw new Refused(response.status, response.headers.get("Munjigi-Error") ?? "", String(first));
}
