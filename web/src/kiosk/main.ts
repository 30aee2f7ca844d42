import { startLanguage } from "../shared/catalogue";
import "./kiosk-app";

startLanguage();
