import { AppRegistry } from "react-native";
import App from "./App";

const api = new URLSearchParams(location.search).get("api") ?? "http://127.0.0.1:8000";
AppRegistry.registerComponent("munjigi", () => () => <App api={api} />);
AppRegistry.runApplication("munjigi", { rootTag: document.getElementById("root") });
