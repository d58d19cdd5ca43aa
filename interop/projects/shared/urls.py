from django.contrib import admin
from django.urls import path
from rest_framework_simplejwt import views as jwt

from shared import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("user/session_signin", views.session_signin),
    path("user/session_signout", views.session_signout),
    path("user/me", views.me),
    path("api/token/", jwt.token_obtain_pair),
    path("api/token/refresh/", jwt.token_refresh),
    path("api/token/verify/", jwt.token_verify),
    path("api/token/blacklist/", jwt.token_blacklist),
]
