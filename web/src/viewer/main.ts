import { startLanguage } from "../shared/catalogue";
import "./viewer-app";

startLanguage();
